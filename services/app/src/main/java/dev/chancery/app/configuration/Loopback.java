package dev.chancery.app.configuration;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** Whether a host is this machine alone. Nothing goes beyond it in clear. */
public final class Loopback {
    /** What can be nothing else, whatever a resolver says (RFC 6761, RFC 5735, RFC 4291). */
    private static final Pattern NAMES = Pattern.compile("(?i)(.+\\.)?localhost\\.?|127(\\.[0-9]{1,3}){3}|\\[::1]|::1");

    private Loopback() {}

    /** Whether a host can only be this machine; asks no resolver, whose answer may be anybody's. */
    public static boolean isNamed(String host) {
        return NAMES.matcher(host).matches();
    }

    static boolean is(String host) {
        try {
            for (InetAddress address : InetAddress.getAllByName(host)) {
                if (!address.isLoopbackAddress()) {
                    return false;
                }
            }
            return true;
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
