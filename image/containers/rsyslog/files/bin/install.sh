#!/bin/sh
# What the container needs of a host, for `docker run` by hand (label INSTALL); the agent of the host sees to it by itself.
# In:  HOST, where the host's root is. Out: directories, and rules for local files unless there are rules.
set -eu
host=${HOST:-/host}
for dir in /etc/pki/rsyslog /etc/rsyslog.d /etc/sysconfig /var/lib/rsyslog; do
    if [ ! -d "$host$dir" ]; then
        echo "Creating directory at $host$dir"
        mkdir -p "$host$dir"
    fi
done
for rules in "$host"/etc/rsyslog.d/*.conf; do
    if [ ! -e "$rules" ]; then
        echo "Installing file at $host/etc/rsyslog.d/local-files.conf"
        cp /usr/share/rsyslog/local-files.conf "$host/etc/rsyslog.d/"
    fi
done
