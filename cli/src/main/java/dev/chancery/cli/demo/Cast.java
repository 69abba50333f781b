package dev.chancery.cli.demo;

import java.util.List;

/** Who the story is about. All of it is invented, and rare enough to be searched for in everything that an instance writes. */
public final class Cast {
    public static final String OWNER_NAME = "Ottilie Brandsmaar";
    public static final String ADMINISTRATOR_NAME = "Ferdinando Quillfeather";
    public static final String DEVELOPER_NAME = "Marisol Okonkwo-Vance";
    public static final String DEVELOPER_EMAIL = "marisol.okonkwo-vance@kestrelfreight.example";
    public static final String OPERATOR_NAME = "Thaddeus Wrenwick";
    public static final String OPERATOR_EMAIL = "thaddeus.wrenwick@kestrelfreight.example";
    public static final String RIVAL_NAME = "Lucasta Pemberley-Stokes";
    public static final String IMPOSTOR_NAME = "Barnabas Nightgale";
    /** Agents and services are named after people often enough. */
    public static final String AGENT_NAME = "Marisol's deploy agent";

    public static final String SERVICE_NAME = "Wrenwick's nightly report";
    public static final String GRANT_REASON = "Covers for Thaddeus while his daughter is ill";
    public static final String REVOKE_REASON = "Thaddeus moved to the harbour team";
    public static final String LEAVING_REASON = "Marisol retired her agent on Friday";

    /** Not personal, but confidential all the same. */
    public static final String ORGANISATION = "Kestrelfreight Harbour Lines";

    public static final String RIVAL_ORGANISATION = "Gannetward Shipping Cooperative";
    public static final String PRODUCTION = "Kestrelfreight production berth";
    public static final String STAGING = "Kestrelfreight staging berth";

    /** What must not be found in clear in anything that an instance stores or logs. */
    public static final List<String> SECRETS = List.of(
            OWNER_NAME,
            ADMINISTRATOR_NAME,
            DEVELOPER_NAME,
            DEVELOPER_EMAIL,
            OPERATOR_NAME,
            OPERATOR_EMAIL,
            RIVAL_NAME,
            IMPOSTOR_NAME,
            AGENT_NAME,
            SERVICE_NAME,
            GRANT_REASON,
            REVOKE_REASON,
            LEAVING_REASON,
            ORGANISATION,
            RIVAL_ORGANISATION,
            PRODUCTION,
            STAGING);

    private Cast() {}
}
