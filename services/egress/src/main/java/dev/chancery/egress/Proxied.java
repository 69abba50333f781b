package dev.chancery.egress;

import dev.chancery.firewall.EgressDecision;
import dev.chancery.firewall.Target;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import java.net.InetAddress;
import java.util.List;

/** What was decided about a request to the proxy. */
sealed interface Proxied {
    /**
     * @param host whom it would have reached; empty: nobody, or it could not be read
     * @param reason of the decision; empty where there was none
     */
    record Refused(Rejection rejection, String host, String reason) implements Proxied {
        static Refused because(Rejection rejection) {
            return new Refused(rejection, "", "");
        }

        static Refused by(EgressDecision decision) {
            return new Refused(
                    EgressRejection.DENIED, decision.host(), decision.reason().code());
        }
    }

    /**
     * @param addresses all that its host has, each of them allowed
     * @param dlp what becomes of data in it
     */
    record Allowed(
            Principal caller, String workspace, Target target, List<InetAddress> addresses, Use use, DlpPolicy dlp)
            implements Proxied {}

    /** The record of a connection, which is in the log already. */
    interface Use {
        /** The first byte goes out now. */
        void begun();

        /** It came to nothing. */
        void failed(Rejection why);

        Use COUNTED = new Use() {
            @Override
            public void begun() {}

            @Override
            public void failed(Rejection why) {}
        };
    }
}
