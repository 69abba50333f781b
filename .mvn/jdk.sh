# Sourced by mvnw and chancery. find_jdk sets and exports JAVA_HOME to a JDK that can build and run this, or returns 1.
# It reads the JDK's release file and starts no JVM.

JDK_NEEDED=25

is_jdk() {
    [ -n "$1" ] && [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
    jdk_major=$(sed -n 's/^JAVA_VERSION="\([0-9][0-9]*\).*/\1/p' "$1/release")
    [ -n "$jdk_major" ] && [ "$jdk_major" -ge "$JDK_NEEDED" ]
}

# The home of the java on the path, symbolic links followed; nothing where there is none.
jdk_on_path() {
    jdk_java=$(command -v java 2>/dev/null) || return 0
    while [ -L "$jdk_java" ]; do
        jdk_link=$(readlink "$jdk_java")
        case $jdk_link in
            /*) jdk_java=$jdk_link ;;
            *) jdk_java=$(dirname "$jdk_java")/$jdk_link ;;
        esac
    done
    (cd "$(dirname "$jdk_java")/.." 2>/dev/null && pwd -P) || true
}

find_jdk() {
    for jdk_home in \
        "${JAVA_HOME:-}" \
        "$(jdk_on_path)" \
        /usr/lib/jvm/*25* /usr/lib64/jvm/*25* /usr/java/*25* \
        /opt/java /opt/java/* /opt/jdk*25* /opt/*jdk*25* \
        "${HOME:-}"/.sdkman/candidates/java/25* \
        "${HOME:-}"/.jdks/*25* \
        "${HOME:-}"/.local/share/mise/installs/java/*25* \
        "${HOME:-}"/.asdf/installs/java/*25* \
        /Library/Java/JavaVirtualMachines/*25*/Contents/Home \
        /opt/homebrew/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home; do
        if is_jdk "$jdk_home"; then
            JAVA_HOME=$jdk_home
            export JAVA_HOME
            return 0
        fi
    done
    return 1
}

NO_JDK="no JDK $JDK_NEEDED found: install one (https://adoptium.net, or 'sdk install java 25-tem') and set JAVA_HOME to it"
