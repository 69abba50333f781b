package dev.chancery.story;

import java.util.List;

/** The people of the story. All are invented, with names so rare that they can be searched for in everything an instance writes. */
final class Cast {
    static final String OWNER_NAME = "Ottilie Brandsmaar";
    static final String ADMINISTRATOR_NAME = "Ferdinando Quillfeather";
    static final String DEVELOPER_NAME = "Marisol Okonkwo-Vance";
    static final String DEVELOPER_EMAIL = "marisol.okonkwo-vance@kestrelfreight.example";
    static final String OPERATOR_NAME = "Thaddeus Wrenwick";
    static final String OPERATOR_EMAIL = "thaddeus.wrenwick@kestrelfreight.example";
    static final String RIVAL_NAME = "Lucasta Pemberley-Stokes";
    static final String IMPOSTOR_NAME = "Barnabas Nightgale";
    /** Agents and services are named after people often enough. */
    static final String AGENT_NAME = "Marisol's deploy agent";

    static final String SERVICE_NAME = "Wrenwick's nightly report";
    static final String GRANT_REASON = "Covers for Thaddeus while his daughter is ill";
    static final String REVOKE_REASON = "Thaddeus moved to the harbour team";
    static final String LEAVING_REASON = "Marisol retired her agent on Friday";

    static final String EMERGENCY_REASON = "The berth scheduler stands still since Thaddeus' shift ended";

    /** Not personal, but confidential. */
    static final String ORGANISATION = "Kestrelfreight Harbour Lines";

    static final String RIVAL_ORGANISATION = "Gannetward Shipping Cooperative";
    static final String PRODUCTION = "Kestrelfreight production berth";
    static final String STAGING = "Kestrelfreight staging berth";

    static final String STUDY = "Find out whose night shifts at the berth are too long";

    /** None of these may appear in clear in anything that an instance stores or logs. */
    static final List<String> SECRETS = List.of(
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
            EMERGENCY_REASON,
            STUDY,
            ORGANISATION,
            RIVAL_ORGANISATION,
            PRODUCTION,
            STAGING);

    private Cast() {}
}
