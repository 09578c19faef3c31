//! Whether a JPEG file is whole. Decoders fill up what is missing, so its coded data is walked through here, without
//! computing a pixel: every scan must have the code of every block, and nothing that cannot be.
//!
//! # Reference
//! ITU-T T.81: B (markers), F.2.2 (sequential), G.1.2 and G.2 (progressive), C (Huffman tables).

/// What is damaged, in words. Kinds of JPEG that are not checked (arithmetic coding, lossless) are taken as whole.
pub(super) fn check(file: &[u8]) -> Result<(), String> {
    let mut walk = Walk { file, at: 2, ..Walk::default() };
    while let Some((marker, body)) = walk.segment()? {
        match marker {
            0xc0..=0xc2 => {
                walk.frame = Some(Frame::new(body, marker == 0xc2).ok_or("a broken frame header")?)
            }
            // Other processes of coding.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return Ok(()),
            0xc4 => walk.tables.read(body).ok_or("a broken Huffman table")?,
            0xdd => {
                let interval = body.first_chunk().ok_or("a broken restart interval")?;
                walk.interval = u16::from_be_bytes(*interval).into();
            }
            0xda => walk.scan(body)?,
            _ => {}
        }
    }
    Ok(())
}

#[derive(Default)]
struct Walk<'a> {
    file: &'a [u8],
    at: usize,
    frame: Option<Frame>,
    tables: Tables,
    /// MCUs between two restart markers; 0 for none.
    interval: usize,
}

impl<'a> Walk<'a> {
    /// The next marker and what belongs to it; `None` at the end of the image.
    fn segment(&mut self) -> Result<Option<(u8, &'a [u8])>, String> {
        const CUT: &str = "the file ends before the end of the image";
        let rest = self.file.get(self.at..).unwrap_or_default();
        let start = rest.iter().position(|&byte| byte == 0xff).ok_or(CUT)?;
        // Some writers leave zeros; other bytes are the rest of a scan that has lost its beginning.
        if rest.iter().take(start).any(|&byte| byte != 0) {
            return Err("coded data where a marker was expected".to_owned());
        }
        let rest = rest.get(start..).unwrap_or_default();
        let fill = rest.iter().take_while(|&&byte| byte == 0xff).count();
        let &marker = rest.get(fill).ok_or(CUT)?;
        self.at += start + fill + 1;
        match marker {
            0xd9 => return Ok(None),
            0x00 | 0xd0..=0xd7 => return Err("coded data behind the end of a scan".to_owned()),
            0x01 | 0xd8 => return Ok(Some((marker, &[]))),
            _ => {}
        }
        let body = self.file.get(self.at..).unwrap_or_default();
        let length = body.first_chunk().map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
        let body = body.get(2..length.max(2)).ok_or(CUT)?;
        self.at += length.max(2);
        Ok(Some((marker, body)))
    }

    fn scan(&mut self, header: &[u8]) -> Result<(), String> {
        let frame = self.frame.as_mut().ok_or("a scan without a frame header")?;
        let scan = Scan::new(header, frame).ok_or("a broken scan header")?;
        let mut bits = Bits { file: self.file, at: self.at, bits: 0, count: 0 };
        let (mut run, mut restart) = (0, 0);
        for mcu in 0..scan.mcus.0 * scan.mcus.1 {
            if self.interval > 0 && mcu > 0 && mcu % self.interval == 0 {
                bits.restart(restart)?;
                (restart, run) = ((restart + 1) % 8, 0);
            }
            let (x, y) = (mcu % scan.mcus.0, mcu / scan.mcus.0);
            for part in &scan.parts {
                let component = frame.components.get_mut(part.component).ok_or("a broken scan header")?;
                for block in 0..part.across * part.down {
                    let column = x * part.across + block % part.across;
                    let row = y * part.down + block / part.across;
                    let nonzero = component.nonzero.get_mut(row * component.columns + column);
                    let mut unused = 0;
                    scan.block(&mut bits, &self.tables, part, nonzero.unwrap_or(&mut unused), &mut run)?;
                }
            }
        }
        self.at = bits.at_byte();
        Ok(())
    }
}

struct Component {
    id: u8,
    /// Blocks of an MCU.
    across: usize,
    down: usize,
    /// Blocks of the image alone, and columns of blocks with those that fill the last MCU.
    blocks: (usize, usize),
    columns: usize,
    /// Which coefficients of each block have been coded as not 0; empty for sequential files.
    nonzero: Vec<u64>,
}

struct Frame {
    components: Vec<Component>,
    mcus: (usize, usize),
    progressive: bool,
}

impl Frame {
    fn new(body: &[u8], progressive: bool) -> Option<Self> {
        let &[_, h1, h0, w1, w0, count, ref rest @ ..] = body else { return None };
        let side = |high, low| usize::from(u16::from_be_bytes([high, low]));
        let (width, height) = (side(w1, w0), side(h1, h0));
        let parts: Vec<&[u8; 3]> = rest.as_chunks::<3>().0.iter().take(count.into()).collect();
        let factors = |part: &[u8; 3]| (usize::from(part[1] >> 4), usize::from(part[1] & 15));
        let most = parts.iter().fold((0, 0), |most: (usize, usize), part| {
            (most.0.max(factors(part).0), most.1.max(factors(part).1))
        });
        let valid =
            parts.iter().all(|part| (1..=4).contains(&factors(part).0) && (1..=4).contains(&factors(part).1));
        if !valid || parts.len() != usize::from(count) || width * height * parts.len() == 0 {
            return None;
        }
        let mcus = (width.div_ceil(8 * most.0), height.div_ceil(8 * most.1));
        let components = parts.iter().map(|part| {
            let (across, down) = factors(part);
            let blocks = |side: usize, factor: usize, most: usize| (side * factor).div_ceil(most).div_ceil(8);
            let columns = mcus.0 * across;
            let all = if progressive { columns * mcus.1 * down } else { 0 };
            let blocks = (blocks(width, across, most.0), blocks(height, down, most.1));
            Component { id: part[0], across, down, blocks, columns, nonzero: vec![0; all] }
        });
        Some(Self { components: components.collect(), mcus, progressive })
    }
}

/// A component in a scan.
struct Part {
    component: usize,
    across: usize,
    down: usize,
    dc: usize,
    ac: usize,
}

struct Scan {
    parts: Vec<Part>,
    mcus: (usize, usize),
    /// The first and the last coefficient.
    band: (usize, usize),
    /// Coefficients that are known already get another bit.
    refines: bool,
    progressive: bool,
}

impl Scan {
    fn new(header: &[u8], frame: &Frame) -> Option<Self> {
        let (&count, rest) = header.split_first()?;
        let (selectors, rest) = rest.split_at_checked(2 * usize::from(count))?;
        let &[first, last, approximation, ..] = rest else { return None };
        let mut parts = Vec::new();
        for &[id, tables] in selectors.as_chunks::<2>().0 {
            let component = frame.components.iter().position(|component| component.id == id)?;
            let Component { across, down, .. } = frame.components.get(component)?;
            let (dc, ac) = (usize::from(tables >> 4), usize::from(tables & 15));
            parts.push(Part { component, across: *across, down: *down, dc, ac });
        }
        let mut mcus = frame.mcus;
        if let [only] = parts.as_mut_slice() {
            mcus = frame.components.get(only.component)?.blocks;
            (only.across, only.down) = (1, 1);
        }
        let band = if frame.progressive { (first.into(), last.into()) } else { (0, 63) };
        let valid = !parts.is_empty() && band.0 <= band.1 && band.1 <= 63;
        // Coefficients beside the mean come in scans of one component.
        let valid = valid && (!frame.progressive || band == (0, 0) || (band.0 > 0 && parts.len() == 1));
        let refines = frame.progressive && approximation >> 4 > 0;
        valid.then_some(Self { parts, mcus, band, refines, progressive: frame.progressive })
    }

    /// Walks through the code of a block. `run` is how many more blocks end before this band.
    fn block(
        &self,
        bits: &mut Bits<'_>,
        tables: &Tables,
        part: &Part,
        nonzero: &mut u64,
        run: &mut u32,
    ) -> Result<(), String> {
        let (mut at, last) = self.band;
        if at == 0 {
            if self.refines {
                return bits.take(1).map(drop);
            }
            let size = tables.dc(part.dc)?.symbol(bits)?;
            if size > 11 {
                return Err("a step of brightness that cannot be".to_owned());
            }
            bits.take(size.into())?;
            at = 1;
        }
        if last == 0 {
            return Ok(());
        }
        let table = tables.ac(part.ac)?;
        if self.refines {
            return refine(bits, table, (at, last), nonzero, run);
        }
        if *run > 0 {
            *run -= 1;
            return Ok(());
        }
        while at <= last {
            let symbol = table.symbol(bits)?;
            let (zeros, size) = (symbol >> 4, symbol & 15);
            match (zeros, size) {
                (15, 0) => at += 16,
                (_, 0) if self.progressive => {
                    *run = (1 << zeros) - 1 + bits.take(zeros.into())?;
                    return Ok(());
                }
                (_, 0) => return Ok(()),
                _ => {
                    at += usize::from(zeros);
                    if at > last || size > 10 {
                        return Err(BEYOND.to_owned());
                    }
                    bits.take(size.into())?;
                    *nonzero |= 1 << at;
                    at += 1;
                }
            }
        }
        if at > last + 1 { Err(BEYOND.to_owned()) } else { Ok(()) }
    }
}

const BEYOND: &str = "a coefficient beyond the end of its block";

/// Another bit for coefficients that are not 0, and new ones between them (G.1.2.3).
fn refine(
    bits: &mut Bits<'_>,
    table: &Huffman,
    (first, last): (usize, usize),
    nonzero: &mut u64,
    run: &mut u32,
) -> Result<(), String> {
    let mut at = first;
    while *run == 0 && at <= last {
        let symbol = table.symbol(bits)?;
        let (mut zeros, size) = (symbol >> 4, symbol & 15);
        match (zeros, size) {
            (15, 0) => {}
            (_, 0) => {
                *run = (1 << zeros) + bits.take(zeros.into())?;
                break;
            }
            (_, 1) => drop(bits.take(1)?),
            _ => return Err("a refinement of more than one bit".to_owned()),
        }
        while at <= last {
            if *nonzero >> at & 1 == 1 {
                bits.take(1)?;
            } else if zeros == 0 {
                break;
            } else {
                zeros -= 1;
            }
            at += 1;
        }
        if at > last && size > 0 {
            return Err(BEYOND.to_owned());
        }
        if size > 0 {
            *nonzero |= 1 << at;
        }
        at += 1;
    }
    if *run > 0 {
        let known = (at..=last).filter(|at| *nonzero >> at & 1 == 1).count();
        (0..known).try_for_each(|_| bits.take(1).map(drop))?;
        *run -= 1;
    }
    Ok(())
}

#[derive(Default)]
struct Tables([[Option<Huffman>; 4]; 2]);

impl Tables {
    fn read(&mut self, mut body: &[u8]) -> Option<()> {
        while let Some((&about, rest)) = body.split_first() {
            let (lengths, rest) = rest.split_first_chunk::<16>()?;
            let count = lengths.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(count)?;
            let place = self.0.get_mut(usize::from(about >> 4))?.get_mut(usize::from(about & 15))?;
            *place = Some(Huffman { lengths: *lengths, symbols: symbols.to_vec() });
            body = rest;
        }
        Some(())
    }

    fn dc(&self, id: usize) -> Result<&Huffman, String> {
        self.get(0, id)
    }

    fn ac(&self, id: usize) -> Result<&Huffman, String> {
        self.get(1, id)
    }

    fn get(&self, class: usize, id: usize) -> Result<&Huffman, String> {
        let found = self.0.get(class).and_then(|tables| tables.get(id)?.as_ref());
        found.ok_or_else(|| "a scan without its Huffman table".to_owned())
    }
}

/// Numbers of codes by length, and their symbols in order (C.2).
struct Huffman {
    lengths: [u8; 16],
    symbols: Vec<u8>,
}

impl Huffman {
    fn symbol(&self, bits: &mut Bits<'_>) -> Result<u8, String> {
        let (mut code, mut first, mut place) = (0, 0, 0);
        for &count in &self.lengths {
            let count = u32::from(count);
            code = code << 1 | bits.take(1)?;
            if let Some(past) = code.checked_sub(first).filter(|past| *past < count) {
                let symbol = self.symbols.get((place + past) as usize);
                return symbol.copied().ok_or_else(|| "a broken Huffman table".to_owned());
            }
            (first, place) = ((first + count) << 1, place + count);
        }
        Err("a code that is in no Huffman table".to_owned())
    }
}

/// The bits of a scan, most significant first. A zero behind 0xff is left out (B.1.1.5).
struct Bits<'a> {
    file: &'a [u8],
    at: usize,
    bits: u32,
    count: u32,
}

impl Bits<'_> {
    /// At most 16 bits.
    fn take(&mut self, count: u32) -> Result<u32, String> {
        while self.count < count {
            let byte = match self.file.get(self.at..) {
                Some([0xff, 0, ..]) => {
                    self.at += 1;
                    0xff
                }
                Some([0xff, ..]) => return Err("a scan ends before its last block".to_owned()),
                Some([byte, ..]) => *byte,
                _ => return Err("the file ends inside a scan".to_owned()),
            };
            self.at += 1;
            self.bits = self.bits << 8 | u32::from(byte);
            self.count += 8;
        }
        self.count -= count;
        let value = self.bits >> self.count;
        self.bits &= (1 << self.count) - 1;
        Ok(value)
    }

    /// The restart marker with this number.
    fn restart(&mut self, number: u8) -> Result<(), String> {
        (self.bits, self.count) = (0, 0);
        let rest = self.file.get(self.at..).unwrap_or_default();
        let fill = rest.iter().take_while(|&&byte| byte == 0xff).count();
        if fill == 0 || rest.get(fill) != Some(&(0xd0 + number)) {
            return Err("a restart marker is missing".to_owned());
        }
        self.at += fill + 1;
        Ok(())
    }

    /// Where the next marker is looked for: the rest of the last byte is padding.
    fn at_byte(&self) -> usize {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

    fn files() -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        let pixels: Vec<u8> =
            (0..61 * 45 * 3_u32).map(|i| (i * i / 7 % 251 + i % 5).to_le_bytes()[0]).collect();
        for progressive in [false, true] {
            for interval in [0, 3] {
                for sampling in [SamplingFactor::R_4_4_4, SamplingFactor::R_4_2_0, SamplingFactor::R_4_2_2] {
                    let mut file = Vec::new();
                    let mut encoder = Encoder::new(&mut file, 80);
                    encoder.set_progressive(progressive);
                    encoder.set_sampling_factor(sampling);
                    encoder.set_restart_interval(interval);
                    encoder.encode(&pixels, 61, 45, ColorType::Rgb).unwrap();
                    files.push((format!("{progressive} {interval} {sampling:?}"), file));
                }
            }
            let mut file = Vec::new();
            let mut encoder = Encoder::new(&mut file, 95);
            encoder.set_progressive(progressive);
            encoder.encode(&pixels[..61 * 45], 61, 45, ColorType::Luma).unwrap();
            files.push((format!("{progressive} gray"), file));
        }
        files
    }

    #[test]
    fn whole_files_are_whole_and_cut_ones_are_not() {
        for (name, file) in files() {
            assert_eq!(check(&file), Ok(()), "{name}");
            for length in 2..file.len() {
                assert!(check(&file[..length]).is_err(), "{name}: {length} of {} bytes", file.len());
            }
        }
    }

    #[test]
    fn damage_in_the_middle_is_seen() {
        for (name, file) in files() {
            let middle = file.len() / 2;
            let early_end = [&file[..middle], &[0xff, 0xd9], &file[middle + 2..]].concat();
            // A small one can hold as many blocks as what is then read in its place.
            let hole = [&file[..middle], &file[middle + file.len() / 4..]].concat();
            let restart = [&file[..middle], &[0xff, 0xd6], &file[middle + 2..]].concat();
            for (kind, damaged) in [("end", early_end), ("hole", hole), ("restart", restart)] {
                assert!(
                    check(&damaged).is_err(),
                    "{name} {kind} {middle} {:?}",
                    &file[middle - 4..middle + 4]
                );
            }
            // What follows the image is not part of it.
            assert_eq!(check(&[&file[..], b"more"].concat()), Ok(()), "{name}");
        }
    }

    #[test]
    fn no_bytes_make_it_fail_otherwise() {
        let mut random = crate::random::SplitMix64::stream(5, 0);
        for (_, file) in files() {
            for _ in 0..300 {
                let mut damaged = file.clone();
                for _ in 0..4 {
                    let at = random.below(damaged.len());
                    damaged[at] = u8::try_from(random.below(256)).unwrap();
                }
                let _ = check(&damaged);
            }
        }
    }
}
