"""Makes clip.mp4: a moving pattern computed here. Needs python3 with the standard library, and ffmpeg with libx264."""
import math
import pathlib
import subprocess

WIDTH, HEIGHT, FRAMES = 96, 64, 40


def byte(value):
    return max(0, min(255, round(value)))


def picture(t):
    cx, cy = WIDTH / 2 + 20 * math.cos(t / 9), HEIGHT / 2 + 14 * math.sin(t / 9)
    luma = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            inside = (x - cx) ** 2 + (y - cy) ** 2 < 150
            wave = 40 * math.sin((x + 0.7 * t) / 7) * math.cos((y - 0.4 * t) / 9)
            luma.append(byte(190 - 2 * abs(x - cx)) if inside else byte(105 + wave + x / 4))
    grid = [(x, y) for y in range(HEIGHT // 2) for x in range(WIDTH // 2)]
    cb = bytes(byte(128 + 40 * math.sin((x + t / 2) / 8)) for x, y in grid)
    cr = bytes(byte(128 + 40 * math.cos((y - t / 2) / 7)) for x, y in grid)
    return bytes(luma) + cb + cr


source = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", "-"]
bare = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"]
coded = ["-c:v", "libx264", "-preset", "medium", "-crf", "24", "-profile:v", "baseline", "-color_range", "tv"]
clip = str(pathlib.Path(__file__).resolve().parent / "clip.mp4")
subprocess.run(["ffmpeg", "-v", "error", "-y", *source, "-threads", "1", *bare, *coded, clip],
               input=b"".join(picture(t) for t in range(FRAMES)), check=True)
