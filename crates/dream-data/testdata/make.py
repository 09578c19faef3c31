"""Makes the test clips and their references. Needs python3 with the standard library, and ffmpeg.

The pictures are a pattern computed here: moving waves, a moving disc and hashed noise.
The references are FFmpeg's: Adler-32 of every decoded frame (muxer `framecrc`), times by ffprobe.
Usage: python3 make.py [--references-only] [FILE...]    (references of other files go to external.json)
"""
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
WIDTH, HEIGHT = 64, 48


def byte(value):
    return max(0, min(255, round(value)))


def noise(x, y):
    return ((x * 73856093 ^ y * 19349663) * 2654435761 >> 16) % 24


def picture(t):
    cx, cy = WIDTH / 2 + 16 * math.cos(t / 3), HEIGHT / 2 + 12 * math.sin(t / 3)
    luma = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            inside = (x - cx) ** 2 + (y - cy) ** 2 < 64
            wave = 50 * math.sin((x + 2.3 * t) / 5.1) * math.cos((y - 1.7 * t) / 7.3)
            luma.append(220 if inside else byte(100 + wave + noise(x + 2 * t, y + 3 * t)))
    grid = [(x, y) for y in range(HEIGHT // 2) for x in range(WIDTH // 2)]
    cb = bytes(byte(128 + 60 * math.sin((x + t) / 6)) for x, y in grid)
    cr = bytes(byte(128 + 60 * math.cos((y - 1.5 * t) / 5)) for x, y in grid)
    return bytes(luma) + cb + cr


def run(*command, data=None):
    return subprocess.run(command, input=data, check=True, capture_output=True).stdout


def encode(name, frames, *options, rate="30000/1001"):
    data = b"".join(picture(t) for t in range(frames))
    source = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}", "-r", rate, "-i", "-"]
    bare = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"]
    run("ffmpeg", "-v", "error", "-y", *source, "-threads", "1", *bare, *options, str(HERE / name), data=data)


def clips():
    x264 = ["-c:v", "libx264", "-preset", "medium", "-crf", "20"]
    encode("bframes.mp4", 12, *x264, "-bf", "3", "-g", "6", "-movflags", "+faststart")
    encode("baseline.mp4", 12, *x264, "-profile:v", "baseline", "-g", "6", "-movflags", "+faststart")
    encode("index-last.mp4", 12, *x264, "-profile:v", "baseline", "-color_range", "pc", rate="25")
    fragments = "+frag_keyframe+empty_moov+default_base_moof"
    encode("fragmented.mp4", 12, *x264, "-bf", "3", "-g", "4", "-movflags", fragments)
    irregular = "settb=1/600,select='not(eq(mod(n,5),3))',setpts='24*N+7*mod(N,3)'"
    ticks = ["-enc_time_base", "1/600", "-video_track_timescale", "600", "-vsync", "passthrough"]
    encode("variable.mp4", 12, *x264, "-bf", "2", "-vf", irregular, *ticks, rate="25")
    encode("ten-bit.mp4", 3, *x264, "-pix_fmt", "yuv420p10le")
    encode("interlaced.mp4", 4, *x264, "-x264opts", "interlaced=1")
    encode("hevc.mp4", 3, "-c:v", "libx265", "-x265-params", "log-level=none:info=0")
    # For FFmpeg alone: other containers and pixel formats.
    encode("nv12.avi", 3, "-c:v", "rawvideo", "-pix_fmt", "nv12")
    encode("grey.mkv", 3, "-c:v", "ffv1", "-pix_fmt", "gray")
    encode("rgb.mkv", 2, "-c:v", "ffv1", "-pix_fmt", "bgr0")
    encode("baseline.mkv", 30, *x264, "-profile:v", "baseline", "-g", "6")
    # A copy that starts inside a group of pictures, and one with a display matrix.
    run("ffmpeg", "-v", "error", "-y", "-ss", "0.12", "-i", str(HERE / "bframes.mp4"), "-c", "copy",
        "-fflags", "+bitexact", str(HERE / "edit-list.mp4"))
    run("ffmpeg", "-v", "error", "-y", "-i", str(HERE / "baseline.mp4"), "-c", "copy", "-fflags", "+bitexact",
        "-metadata:s:v", "rotate=90", str(HERE / "rotated.mp4"))
    # 4:2:0 H.264 cannot crop to odd sizes, but the container can state one.
    data = bytearray((HERE / "bframes.mp4").read_bytes())
    at = data.index(b"avc1", data.index(b"stsd")) + 28
    assert data[at:at + 4] == bytes([0, 64, 0, 48])
    data[at:at + 4] = bytes([0, 63, 0, 47])
    (HERE / "odd.mp4").write_bytes(data)


def upright():
    """What FFmpeg shows of clips that ask for a turn: its own turning is on."""
    odd = (HERE / "odd.mp4").read_bytes()
    at = odd.index(b"tkhd") + 4 + 40
    one = 1 << 16
    matrices = {"odd-90": (0, one, -one, 0), "odd-180": (-one, 0, 0, -one), "odd-270": (0, -one, one, 0)}
    found = {"rotated": reference(HERE / "rotated.mp4", turn=True)}
    with tempfile.TemporaryDirectory() as folder:
        for name, (a, b, c, d) in matrices.items():
            data = bytearray(odd)
            assert data[at:at + 4] == one.to_bytes(4, "big")
            data[at:at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
            path = pathlib.Path(folder) / f"{name}.mp4"
            path.write_bytes(data)
            found[name] = reference(path, turn=True)
    return found


def reference(path, turn=False):
    plain = ["-map", "0:v:0", "-vsync", "passthrough", "-pix_fmt", FORMATS.get(path.stem, "yuv420p")]
    stored = [] if turn else ["-noautorotate"]
    text = run("ffmpeg", "-v", "error", *stored, "-threads", "1", "-i", str(path), *plain,
               "-f", "framecrc", "-").decode()
    sums = [line.split(",")[5].strip() for line in text.splitlines() if not line.startswith("#")]
    probe = json.loads(run("ffprobe", "-v", "error", "-select_streams", "v:0", "-of", "json", "-show_entries",
                           "stream=width,height,avg_frame_rate:frame=best_effort_timestamp_time", str(path)))
    stream = probe["streams"][0]
    times = [float(frame["best_effort_timestamp_time"]) for frame in probe["frames"]]
    assert len(sums) == len(times)
    return {"width": stream["width"], "height": stream["height"], "frame_rate": stream["avg_frame_rate"],
            "adler32": sums, "seconds": times}


FORMATS = {"index-last": "yuvj420p", "grey": "gray", "rgb": "rgb24"}
SUFFIXES = (".mp4", ".mkv", ".avi")

if __name__ == "__main__":
    if "--references-only" not in sys.argv:
        clips()
    others = sorted(pathlib.Path(name) for name in sys.argv[1:] if not name.startswith("--"))
    ours = sorted(path for path in HERE.iterdir() if path.suffix in SUFFIXES)
    sets = {"reference.json": ({path.name: reference(path) for path in ours}),
            "external.json": {path.name: reference(path) for path in others}, "upright.json": upright()}
    for name, found in sets.items():
        if found:
            lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items()]
            (HERE / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")
