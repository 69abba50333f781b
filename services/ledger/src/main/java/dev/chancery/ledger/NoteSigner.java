package dev.chancery.ledger;

/** What the ledger needs of the keyring: signatures by a log's key, of which the name is the log's origin. */
@FunctionalInterface
public interface NoteSigner {
    /**
     * Signs a note (C2SP signed-note).
     *
     * @param origin name of the key
     * @param text the note's text, ending in a newline
     * @return the text, an empty line and the signature's line
     */
    String sign(String origin, String text);
}
