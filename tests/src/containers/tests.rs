//! Images are the same when made the same way, and others when they are not.

use super::*;

#[test]
fn the_same_program_gives_the_same_image() {
    let (one, two) = (Image::of(b"program").unwrap(), Image::of(b"program").unwrap());
    assert_eq!(one.config(), two.config());
    assert_eq!(one.layers, two.layers);
}

#[test]
fn the_configuration_names_each_layer_and_what_is_run() {
    let image = Image::of(b"program").unwrap().with_file("/version", "2").unwrap();
    let image = image.with_command(&["/bin/httpd", "-f"]).with_env("TZ=UTC");
    let config: Value = serde_json::from_slice(&image.config()).unwrap();
    assert_eq!(config["rootfs"]["diff_ids"], json!([digest(&image.layers[0]), digest(&image.layers[1])]));
    assert_eq!(config["config"], json!({ "Cmd": ["/bin/httpd", "-f"], "Env": ["PATH=/bin", "TZ=UTC"] }));
}

#[test]
fn an_image_with_another_file_has_another_id() {
    let image = |text| Image::of(b"program").unwrap().with_file("version", text).unwrap();
    assert_ne!(image("1").config(), image("2").config());
}
