package dev.chancery.feature;

/** A feature lacks something that its description or the contract promises; the process does not start. */
public final class IncompleteFeature extends IllegalStateException {
    private static final long serialVersionUID = 1;

    public IncompleteFeature(String feature, String what) {
        super("feature " + feature + ": " + what);
    }
}
