#!/usr/bin/env bash
# A container image of Debian packages, made without an engine.
# In:  the name of a recipe: image/containers/NAME/ with packages.list, files/ and a Containerfile, whose LABEL and CMD the image says of itself;
#      a recipe without a Containerfile gives only the tree, to run programs of it beside the guest.
# Out: target/guest/containers/NAME, the tree, and NAME.tar, a docker-archive. Nothing, when the inputs did not change.
set -euo pipefail
. "$(dirname "$0")/../host/lib.sh"
need_root

name=${1:-}
recipe=image/containers/$name
[ -f "$recipe/packages.list" ] || die "build.sh: no recipe $recipe"
made=$out/containers/$name

mapfile -t inputs < <(find "$recipe" -mindepth 1 -maxdepth 1 ! -name README.md)
hash=$(hash_of "${inputs[@]}" image/containers/tree.sh image/containers/build.sh image/host/lib.sh)
if fresh "container-$name" "$hash" && [ -d "$made" ]; then exit 0; fi
say "container $name"

mkdir -p "$out/containers"
work=$(mktemp -d "$out/containers/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
digest() { sha256sum <"$1" | cut -d' ' -f1; }

# The image's one layer, what it says of itself, and the list of both.
archive() {
    local labels cmd config
    tar -C "$work/tree" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/layer.tar" .
    labels=$(sed -n 's/^LABEL \([A-Za-z.-]*\)=\(".*"\)$/"\1":\2/p' "$recipe/Containerfile" | paste -sd,)
    cmd=$(sed -n 's/^CMD //p' "$recipe/Containerfile")
    printf '{"architecture":"amd64","os":"linux","created":"1970-01-01T00:00:00Z","config":{"Cmd":%s,"Labels":{%s}},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
        "$cmd" "$labels" "$(digest "$work/layer.tar")" >"$work/config.json"
    config=$(digest "$work/config.json").json
    mv "$work/config.json" "$work/$config"
    printf '[{"Config":"%s","RepoTags":["localhost/%s:1"],"Layers":["layer.tar"]}]' "$config" "$name" >"$work/manifest.json"
    tar -C "$work" --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$made.tar" "$config" layer.tar manifest.json
    [ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID" "$made.tar"
}

sh image/containers/tree.sh "$recipe" "$work/tree" >&2
[ ! -f "$recipe/Containerfile" ] || archive
rm -rf "$made"
mv "$work/tree" "$made"
mark "container-$name" "$hash"
say "container $name: $(du -sh "$made" | cut -f1)"
