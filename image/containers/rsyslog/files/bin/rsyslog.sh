#!/bin/sh
# Starts rsyslogd in the container.
# In:  /etc/sysconfig/rsyslog of the host, when it is there: SYSLOGD_OPTIONS. Out: rsyslogd in place of this shell, so that signals reach it.
if [ -r /etc/sysconfig/rsyslog ]; then . /etc/sysconfig/rsyslog; fi
# No process-id file: after a crash the old one would name process 1, which the new rsyslogd is itself.
# shellcheck disable=SC2086 # options are words
exec /usr/sbin/rsyslogd -n -i NONE ${SYSLOGD_OPTIONS:-}
