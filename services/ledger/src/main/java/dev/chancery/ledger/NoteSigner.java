package dev.chancery.ledger;

import java.sql.Connection;
import java.sql.SQLException;

/** What the ledger needs of the keyring: signatures by a log's key, of which the name is the log's origin. */
@FunctionalInterface
public interface NoteSigner {
    /**
     * Signs a note (C2SP signed-note).
     *
     * @param transaction that commits what is signed, as the ledger's role
     * @param origin name of the key
     * @param text the note's text, ending in a newline
     * @return the text, an empty line and a line for each signature
     */
    String sign(Connection transaction, String origin, String text) throws SQLException;
}
