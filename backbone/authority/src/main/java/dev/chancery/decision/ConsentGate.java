package dev.chancery.decision;

/** Whether the consent stands that a capability asks for: of whom a question is about, for what is to be done. */
@FunctionalInterface
public interface ConsentGate {
    /** Nothing was consented to. */
    ConsentGate NONE = (capability, workspace, atMicros) -> false;

    /**
     * @param workspace where; empty: in the organisation
     * @param atMicros Unix time in microseconds
     */
    boolean isGiven(String capability, String workspace, long atMicros);
}
