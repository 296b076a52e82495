//! The guest harness: boots the appliance in QEMU and talks to it.
