package dev.chancery.auditor;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A {@code chancery.access.v1.DecisionRecorded}: who asked to do what, and what was answered. */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record DecisionBody(
        String principal,
        String capability,
        String workspace,
        long atMicros,
        byte @Nullable [] requestHash,
        boolean granted,
        String reason,
        String assignment,
        String role,
        String scope,
        boolean elevated,
        String group,
        String about,
        List<String> consents,
        String actingFor) {
    static final String TYPE = "chancery.access.v1.DecisionRecorded";

    static DecisionBody read(byte[] body) throws Malformed {
        Wire wire = new Wire("decision", body, 0, body.length);
        String principal = "";
        String capability = "";
        String workspace = "";
        long atMicros = 0;
        byte[] requestHash = null;
        boolean granted = false;
        String reason = "";
        String assignment = "";
        String role = "";
        String scope = "";
        boolean elevated = false;
        String group = "";
        String about = "";
        List<String> consents = new ArrayList<>();
        String actingFor = "";
        for (int field; (field = wire.next()) != 0; ) {
            switch (field) {
                case 1 -> wire.string();
                case 2 -> principal = wire.string();
                case 3 -> capability = wire.string();
                case 4 -> workspace = wire.string();
                case 5 -> atMicros = wire.integer();
                case 6 -> requestHash = Shape.exactly("decision.request_hash", wire.bytes(), Hashing.LENGTH);
                case 7 -> granted = wire.bool();
                case 8 -> reason = wire.string();
                case 9 -> assignment = wire.string();
                case 10 -> role = wire.string();
                case 11 -> scope = wire.string();
                case 12 -> elevated = wire.bool();
                case 13 -> group = wire.string();
                case 14 -> about = wire.string();
                case 15 -> consents.add(wire.string());
                case 16 -> actingFor = wire.string();
                default -> throw wire.unknown();
            }
        }
        return new DecisionBody(
                principal,
                capability,
                workspace,
                atMicros,
                requestHash,
                granted,
                reason,
                assignment,
                role,
                scope,
                elevated,
                group,
                about,
                List.copyOf(consents),
                actingFor);
    }

    boolean isFor(byte[] request) {
        return Arrays.equals(new Hashing().plain(request), requestHash);
    }

    void describe(Map<String, String> facts) {
        facts.put("decision", granted ? "granted" : "denied: " + Text.printable(reason));
        facts.put("principal", Text.printable(principal));
        if (!actingFor.isEmpty()) {
            facts.put("acting for", Text.printable(actingFor));
        }
        facts.put("capability", Text.printable(capability));
        facts.put("where", workspace.isEmpty() ? "in the organisation" : "in workspace " + Text.printable(workspace));
        if (!about.isEmpty()) {
            facts.put("about", Text.printable(about));
        }
        facts.put("decided", Instant.EPOCH.plus(atMicros, ChronoUnit.MICROS).toString());
        if (granted) {
            facts.put(
                    "by",
                    (elevated ? "elevation " : "assignment ") + Text.printable(assignment) + ", role "
                            + Text.printable(role) + (group.isEmpty() ? "" : " of group " + Text.printable(group))
                            + (scope.isEmpty()
                                    ? ", in the whole organisation"
                                    : ", in workspace " + Text.printable(scope)));
        }
        if (!consents.isEmpty()) {
            facts.put("consents", Text.printable(String.join(", ", consents)));
        }
        facts.put(
                "request",
                requestHash == null ? "none named" : "SHA-256 " + HexFormat.of().formatHex(requestHash));
    }
}
