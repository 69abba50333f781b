package dev.chancery.outbound;

import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressDecision;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.Host;
import dev.chancery.firewall.Reason;
import dev.chancery.firewall.Scheme;
import dev.chancery.firewall.Target;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.List;

/**
 * Where a host leads, judged by the egress list of whoever sends something there. A host that is itself an address in a network that the
 * operator opened needs no entry in a list, which can't name it; a list can deny it all the same.
 *
 * <p><b>Thread safety:</b> safe.
 */
public final class Destinations {
    private final AddressRanges forbidden;
    private final NameResolver names;

    /** @param forbidden addresses that are never reached, but for the networks that the operator opened */
    public Destinations(AddressRanges forbidden, NameResolver names) {
        this.forbidden = forbidden;
        this.names = names;
    }

    public AddressRanges forbidden() {
        return forbidden;
    }

    /**
     * Looks a name up once, and judges all its addresses.
     *
     * @return what is to be dialled, whatever the name leads to by then
     */
    public InetAddress address(Target target, EgressPolicy policy, Instant now) throws NotReached {
        EgressDecision decision = policy.evaluate(target, now);
        return switch (target.host()) {
            case Host.Address literal -> {
                InetAddress address = literal.address().toInetAddress();
                boolean opened = decision.reason() != Reason.EXPLICIT_DENY && forbidden.isException(address);
                yield opened ? address : admitted(policy, decision, List.of(address));
            }
            case Host.Name name -> {
                if (!decision.allowed()) {
                    throw new NotReached(NotReached.Cause.EGRESS_DENIED);
                }
                yield admitted(policy, decision, addresses(name.ascii()));
            }
        };
    }

    private static InetAddress admitted(EgressPolicy policy, EgressDecision decision, List<InetAddress> addresses)
            throws NotReached {
        if (!policy.admit(decision, addresses).allowed()) {
            throw new NotReached(NotReached.Cause.EGRESS_DENIED);
        }
        return addresses.getFirst();
    }

    private List<InetAddress> addresses(String ascii) throws NotReached {
        try {
            return names.resolve(ascii.endsWith(".") ? ascii.substring(0, ascii.length() - 1) : ascii);
        } catch (UnknownHostException e) {
            throw new NotReached(NotReached.Cause.NO_ADDRESS);
        }
    }

    /** Whether nobody on the way reads what is sent to a URL: by TLS, or because it stays on this machine, which the operator opened. */
    public boolean isProtected(String url) {
        return Target.parse(url) instanceof Target target
                && (target.scheme() == Scheme.HTTPS
                        || (target.scheme() == Scheme.HTTP
                                && target.host() instanceof Host.Address literal
                                && literal.address().toInetAddress().isLoopbackAddress()
                                && forbidden.isException(literal.address().toInetAddress())));
    }
}
