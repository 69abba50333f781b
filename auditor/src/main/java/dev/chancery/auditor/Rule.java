package dev.chancery.auditor;

import java.util.Locale;

/** What a finding violates. The codes are stable; the text of a finding is not. */
public enum Rule {
    /** A file is missing, or something lies in the export that does not belong there. */
    LAYOUT,
    /** It is the export of another log than the one asked for. */
    ANOTHER_LOG,
    /** The log is shorter than it was before: than a checkpoint that was kept, or than the size asked for. */
    SHORTER,
    /** The log went on from another past than the one that a kept checkpoint is of. */
    FORK,
    /** The checkpoint is no signed note of the form asked for. */
    CHECKPOINT_FORM,
    /** The checkpoint is not signed by a log key of the trust file. */
    CHECKPOINT_SIGNATURE,
    /** A proof is not of the form asked for, or of another number of hashes than its tree asks for, or leads elsewhere. */
    PROOF,
    /** A consent receipt is not of the form asked for, or not signed by a receipt key of the trust file. */
    RECEIPT,
    /** An erasure certificate is not of the form asked for, not signed by an erasure key of the trust file, or says what its records do not. */
    CERTIFICATE,
    /** The entries do not hash to the checkpoint's root. */
    ROOT,
    /** A hash tile holds other hashes than the entries yield. */
    TILE,
    /** An entry bundle or a bodies file is cut, too long, or otherwise not framed as it must be. */
    FRAMING,
    /** An entry is too long or too short, or its scheme unknown. */
    ENTRY,
    /** A statement is not in canonical form, or a field has not the declared shape. */
    STATEMENT,
    /** An entry is not signed by the source key that it names. */
    SIGNATURE,
    /** Position, origin or time of an entry are not those of its place (rule 1). */
    ORDER,
    /** Intent and outcome do not fit (rule 2). */
    INTENT,
    /** An outcome of a privileged action without an intent (rule 3). */
    PRIVILEGED,
    /** Result, code, events and intent of an outcome do not go together (rules 3 and 4). */
    OUTCOME,
    /** The contract is not the one that was adopted last, or none was at position 0 (rule 5). */
    CONTRACT,
    /** An action of nobody's contract, or of another feature (rule 6). */
    ACTION,
    /** An event is not what its reference says: type, stream, hash, list. */
    EVENT,
    /** A gap or a repetition in a stream's versions. */
    VERSION;

    /** As printed: {@code checkpoint-form}. */
    public String code() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
