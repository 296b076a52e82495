//! What wipefs prints.

use super::{Signature, parse};

#[test]
fn each_line_is_a_signature_whatever_its_label_is() {
    let text = "# offset,uuid,label,type\n0x438,7b5a1f6e-0c1d,a b,ext4\n0x1fe,,,dos\n0x0,1111-2222,one,two,xfs\n";
    let found = |offset: &str, uuid: &str, kind: &str| Signature { offset: offset.into(), uuid: uuid.into(), kind: kind.into() };
    assert_eq!(parse(text), [found("0x438", "7b5a1f6e-0c1d", "ext4"), found("0x1fe", "", "dos"), found("0x0", "1111-2222", "xfs")]);
    assert_eq!(parse(""), []);
    assert_eq!(parse("# offset,uuid,label,type\n"), []);
}
