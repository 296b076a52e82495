//! A deployment's origin: what it follows, and whether another program looks after it.
//!
//! From the `.origin` key file that libostree gives; rpm-ostree and bootc keep their own keys there.

use ostree::glib::KeyFile;

const ORIGIN: &str = "origin";

/// What the deployment follows.
pub(crate) fn follows(origin: &KeyFile) -> Option<String> {
    ["refspec", "baserefspec", "container-image-reference"].into_iter().find_map(|key| text(origin, ORIGIN, key))
}

/// Who else looks after the deployment. One deployed from another source would lose what they added.
pub(crate) fn managed_elsewhere(origin: &KeyFile) -> Option<String> {
    if let Some(image) = text(origin, ORIGIN, "container-image-reference") {
        return Some(format!("it comes from the container image {image}; bootc or rpm-ostree updates it"));
    }
    if let Some(packages) = text(origin, "packages", "requested").or_else(|| text(origin, "packages", "requested-local")) {
        let packages = packages.split(';').filter(|package| !package.is_empty()).collect::<Vec<_>>().join(" ");
        return Some(format!("rpm-ostree added packages to it: {packages}"));
    }
    // With packages taken out, overrides or kernel changes rpm-ostree writes this key in place of `refspec`.
    text(origin, ORIGIN, "baserefspec").map(|_| "rpm-ostree changed it".to_owned())
}

fn text(origin: &KeyFile, group: &str, key: &str) -> Option<String> {
    origin.string(group, key).ok().map(|text| text.to_string()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
