package dev.chancery.decision;

import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.identity.v1.IssuerDistrusted;
import dev.chancery.schema.identity.v1.IssuerTrusted;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The OIDC issuers that an organisation trusts, with what it said of each last.
 *
 * @param byId under the id of each
 */
public record TrustedIssuers(Map<String, IssuerTrusted> byId) {
    public static final TrustedIssuers NONE = new TrustedIssuers(Map.of());

    public TrustedIssuers {
        byId = Map.copyOf(byId);
    }

    public static final Fold<TrustedIssuers, LogEvent> FOLD = new Fold<>() {
        @Override
        public TrustedIssuers initial() {
            return NONE;
        }

        @Override
        public TrustedIssuers evolve(TrustedIssuers state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.identity.v1.IssuerTrusted" -> {
                    var trusted = EventReading.read(IssuerTrusted.parser(), event.body());
                    var byId = new HashMap<>(state.byId());
                    byId.put(trusted.getIssuerId(), trusted);
                    yield new TrustedIssuers(byId);
                }
                case "chancery.identity.v1.IssuerDistrusted" -> {
                    var byId = new HashMap<>(state.byId());
                    byId.remove(EventReading.read(IssuerDistrusted.parser(), event.body())
                            .getIssuerId());
                    yield new TrustedIssuers(byId);
                }
                default -> state;
            };
        }
    };

    /** The issuer whose tokens name it so. */
    public Optional<IssuerTrusted> named(String issuer) {
        return byId.values().stream()
                .filter(trusted -> trusted.getIssuer().equals(issuer))
                .findFirst();
    }

    /** Whether an issuer's groups still give a role there, to somebody who is not one of those who say so. */
    boolean gives(String issuerId, String role, String workspace, String principalId) {
        IssuerTrusted trusted = byId.get(issuerId);
        return trusted != null
                && !trusted.getAuthorIdsList().contains(principalId)
                && trusted.getGroupRolesList().stream()
                        .anyMatch(mapped -> mapped.getRole().equals(role)
                                && mapped.getWorkspaceId().equals(workspace));
    }
}
