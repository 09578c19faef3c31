//! Videos as streams of frames, exactly as decoded: y4m, raw YUV, image folders, mp4, anything FFmpeg reads
