"""Writes first inputs for the targets `mp4` and `h264` from the committed clips: corpus/mp4 and corpus/h264.

Needs python3 with the standard library. Usage: python3 seeds.py
"""
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
CLIPS = HERE.parent / "crates" / "dream-data" / "testdata"


def word(data, at):
    return int.from_bytes(data[at:at + 4], "big")


def units(data):
    """The NAL units of every frame of a clip whose frames lie in one piece, with the parameter sets in the first."""
    avcc = data.index(b"avcC") + 4
    first = int.from_bytes(data[avcc + 6:avcc + 8], "big")
    second = avcc + 8 + first + 1
    length = int.from_bytes(data[second:second + 2], "big")
    frame = [data[avcc + 8:avcc + 8 + first], data[second + 2:second + 2 + length]]
    at, sizes = word(data, data.index(b"stco") + 12), data.index(b"stsz") + 12
    for i in range(word(data, sizes)):
        end = at + word(data, sizes + 4 + 4 * i)
        while at < end:
            size = word(data, at)
            frame.append(data[at + 4:at + 4 + size])
            at += 4 + size
        yield frame
        frame = []


def piece(unit, more):
    return struct.pack(">H", len(unit) | (0x8000 if more else 0)) + unit


def main():
    for name in ["mp4", "h264"]:
        (HERE / "corpus" / name).mkdir(parents=True, exist_ok=True)
    for clip in sorted(CLIPS.glob("*.mp4")):
        (HERE / "corpus" / "mp4" / clip.name).write_bytes(clip.read_bytes())
    for name in ["baseline", "bframes", "index-last", "variable"]:
        frames = list(units((CLIPS / f"{name}.mp4").read_bytes()))
        for count in [1, 3, len(frames)]:
            pieces = [piece(unit, i + 1 < len(frame)) for frame in frames[:count] for i, unit in enumerate(frame)]
            (HERE / "corpus" / "h264" / f"{name}-{count}").write_bytes(b"".join(pieces))


main()
