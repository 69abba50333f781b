# Sourced by chancery. The quick start's AOT cache (JEP 514): what the JVM learnt in one start, so that later ones take about half the time.
# It lies in target/aot, is written beside everything else and is never needed: a JVM ignores one that does not fit.
# Wants root, app, JAVA_HOME and the flags of `chancery up`. Docs: docs/adr/0020-the-quick-start-loads-an-aot-cache.md

AOT_AFTER_SECONDS=60
AOT_READY_SECONDS=300
aot=$root/target/aot

# Whether there is a cache of this build, made by this JDK. A cache is dated before the start that wrote it, so a build that came meanwhile
# is newer.
aot_fits() {
    [ -f "$aot/app.aot" ] && [ -z "$(find "$app" -newer "$aot/app.aot")" ] && cmp -s "$JAVA_HOME/release" "$aot/release"
}

# Starts an instance on a directory of its own, stops it once it is READY, and has the JVM write what it learnt. One at a time: another
# that is asked to meanwhile does nothing. $1: the process that does it.
aot_write() {
    mkdir -p "$aot"
    try_lock "$aot/lock" "$1" || return 0
    rm -f "$aot/out" "$aot/next.aot"
    : >"$aot/began"
    # shellcheck disable=SC2086
    "$JAVA_HOME/bin/java" $JVM_FLAGS $UP_FLAGS "-XX:AOTCacheOutput=$aot/next.aot" "-Dchancery.home=$root" -jar "$app" \
        up --data "$aot/data" --port 0 >"$aot/out" 2>"$aot/err" </dev/null &
    aot_instance=$!
    waited=0
    until grep -q '^READY' "$aot/out" 2>/dev/null || [ "$waited" -ge "$AOT_READY_SECONDS" ] || ! kill -0 "$aot_instance" 2>/dev/null; do
        waited=$((waited + 1))
        sleep 1
    done
    kill "$aot_instance" 2>/dev/null || true
    aot_status=0
    wait "$aot_instance" || aot_status=$?
    # 143: it stopped because it was told to.
    if [ "$aot_status" -eq 143 ] && [ -f "$aot/next.aot" ]; then
        touch -r "$aot/began" "$aot/next.aot"
        cp "$JAVA_HOME/release" "$aot/release"
        mv "$aot/next.aot" "$aot/app.aot"
    fi
    rm -rf "$aot/data" "$aot/data.sealer" "$aot/began" "$aot/lock"
}

# Writes the cache in the background when this process, which becomes the command, has ended or has run for a while, and with what nobody else
# wants of the processors: it must slow no first start.
aot_write_later() {
    (
        trap '' HUP
        aot_self=$(exec sh -c 'echo "$PPID"')
        waited=0
        while [ "$waited" -lt "$AOT_AFTER_SECONDS" ] && kill -0 $$; do
            waited=$((waited + 1))
            sleep 1
        done
        renice -n 19 -p "$aot_self" || true
        chrt --idle -p 0 "$aot_self" || true
        aot_fits || aot_write "$aot_self"
    ) >/dev/null 2>&1 </dev/null &
}
