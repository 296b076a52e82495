//! The keys of the file, and what they are when it does not set them.

/// Every key that counts.
pub const KEYS: [&str; 22] = [
    "STORAGE_DRIVER",
    "DEVS",
    "VG",
    "ROOT_SIZE",
    "DATA_SIZE",
    "MIN_DATA_SIZE",
    "POOL_META_SIZE",
    "CHUNK_SIZE",
    "GROWPART",
    "AUTO_EXTEND_POOL",
    "POOL_AUTOEXTEND_THRESHOLD",
    "POOL_AUTOEXTEND_PERCENT",
    "DEVICE_WAIT_TIMEOUT",
    "WIPE_SIGNATURES",
    "CONTAINER_THINPOOL",
    "EXTRA_STORAGE_OPTIONS",
    "EXTRA_DOCKER_STORAGE_OPTIONS",
    "CONTAINER_ROOT_LV_NAME",
    "CONTAINER_ROOT_LV_MOUNT_PATH",
    "CONTAINER_ROOT_LV_SIZE",
    "DOCKER_ROOT_VOLUME",
    "DOCKER_ROOT_VOLUME_SIZE",
];

/// What is shipped as defaults in /usr/share/container-storage-setup, and the pool's name. Keys that are not here are empty.
pub const DEFAULTS: [(&str, &str); 13] = [
    ("STORAGE_DRIVER", "devicemapper"),
    ("DATA_SIZE", "40%FREE"),
    ("MIN_DATA_SIZE", "2G"),
    ("CHUNK_SIZE", "512K"),
    ("GROWPART", "false"),
    ("AUTO_EXTEND_POOL", "yes"),
    ("POOL_AUTOEXTEND_THRESHOLD", "60"),
    ("POOL_AUTOEXTEND_PERCENT", "20"),
    ("DEVICE_WAIT_TIMEOUT", "60"),
    ("WIPE_SIGNATURES", "false"),
    ("CONTAINER_THINPOOL", "docker-pool"),
    ("CONTAINER_ROOT_LV_SIZE", "40%FREE"),
    ("DOCKER_ROOT_VOLUME_SIZE", "40%FREE"),
];
