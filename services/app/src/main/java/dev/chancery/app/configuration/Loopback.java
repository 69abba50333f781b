package dev.chancery.app.configuration;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Whether a host is this machine alone. Nothing goes beyond it in clear. */
final class Loopback {
    private Loopback() {}

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
