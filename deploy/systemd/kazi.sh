#!/bin/sh
# Any command with the service's user, folder and settings: sudo kazi check
cd /var/lib/kazi && exec runuser -u kazi -- /opt/kazi/.venv/bin/kazi "$@"
