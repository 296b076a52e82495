//! Contents of disks of a few blocks.

use super::Platter;
use anyhow::Result;
use std::io::Write as _;

fn of(bytes: &[u8]) -> Result<Platter> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(bytes)?;
    Platter::new(file.path())
}

fn all(platter: &Platter) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(platter.size())?];
    platter.read(0, &mut bytes)?;
    Ok(bytes)
}

#[test]
fn what_is_written_is_read_over_the_edges_of_blocks_too() -> Result<()> {
    let mut expected = vec![7; 4 * 4096];
    let mut platter = of(&expected)?;
    platter.write(4000, &[1; 5000])?;
    expected[4000..9000].fill(1);
    platter.zero(8192, 512)?;
    expected[8192..8704].fill(0);
    platter.write(0, &[2; 1])?;
    expected[0] = 2;
    assert_eq!(all(&platter)?, expected);
    let mut part = [0; 600];
    platter.read(8100, &mut part)?;
    assert_eq!(part[..], expected[8100..8700]);
    Ok(())
}

#[test]
fn the_same_content_has_the_same_fingerprint_however_it_came_there() -> Result<()> {
    let untouched = of(&[7; 2 * 4096])?;
    let (mut one, mut other) = (untouched.clone(), untouched.clone());
    one.write(100, &[1; 200])?;
    assert_ne!(one.fingerprint(), untouched.fingerprint());
    other.write(0, &[9; 4096])?;
    other.write(0, &[7; 4096])?;
    assert_eq!(other.fingerprint(), untouched.fingerprint());
    other.write(200, &[1; 100])?;
    other.write(100, &[1; 100])?;
    assert_eq!(other.fingerprint(), one.fingerprint());
    one.write(4096 + 100, &[1; 200])?;
    one.write(100, &[7; 200])?;
    assert_ne!(one.fingerprint(), other.fingerprint(), "the same bytes elsewhere are another content");
    Ok(())
}

#[test]
fn nothing_lies_beyond_the_end() -> Result<()> {
    let mut platter = of(&[0; 4096])?;
    assert!(platter.write(4095, &[1, 1]).is_err());
    assert!(platter.zero(u64::MAX, 2).is_err());
    assert!(platter.read(4096, &mut [0]).is_err());
    Ok(())
}
