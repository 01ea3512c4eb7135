#!/usr/bin/env bash
# Runs a command with the variables of the file .env, if there is one in this folder: with-env.sh <command...>
# A variable that is given already goes before the file's: `APP_PORT=24000 make run`.
set -euo pipefail
if [ -f .env ]; then
    # What the shell keeps for itself cannot be set again.
    given=$(export -p | grep -vE '^declare -[a-z]*r[a-z]* |^declare -x (_|SHELLOPTS|BASHOPTS|PWD|OLDPWD|SHLVL)(=|$)')
    set -a
    . ./.env
    set +a
    eval "$given"
fi
exec "$@"
