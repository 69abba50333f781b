/**
 * The offline verifier: it reads an export of one tenant's log and a trust file, and says whether the one is what the
 * holders of the keys in the other signed. It trusts nobody and shares no code with the rest of Chancery: its only source is
 * {@code docs/reference/formats.md}, its only cryptography BouncyCastle's Ed25519 and the JDK's SHA-256.
 *
 * <p><b>What {@code INTACT} proves</b>, given that the trust file came from somewhere else than the export:
 *
 * <ul>
 *   <li>the log key signed this size and this root, and the entries of the export, in this order, are what hashes to it: no
 *       byte was changed, no entry is missing, added or in another place;
 *   <li>each entry was signed by the source key of the feature that it names, at this position of this log;
 *   <li>the bodies are those whose hashes the entries carry, each stream's versions are dense, and every event belongs to
 *       exactly one outcome;
 *   <li>every outcome of a privileged action, a denial apart, names an earlier intent that it agrees with and that has no other
 *       outcome; no intent was ended late, except as abandoned;
 *   <li>the contract is the one the log adopted last. With a contract of the auditor's own, what that one calls privileged was
 *       held to the same rule.
 * </ul>
 *
 * <p><b>What {@code PROVEN} proves</b>, given the same: of one record, that the log key signed a tree with this entry at this position,
 * and its feature's source key the entry for that place; of two checkpoints, that the later one's log begins with all of the earlier
 * one's. Neither looks at any other record.
 *
 * <p><b>What it cannot prove</b>
 *
 * <ul>
 *   <li>That this is the newest state. An older checkpoint with the log of its size is intact as well: name a
 *       checkpoint that was kept, or a size.
 *   <li>That others were shown the same log. Only cosignatures and anchors of checkpoints can show that no fork exists.
 *   <li>That what the log says is true, or that all that happened was written. Whoever holds the keys can sign a false entry;
 *       effects outside the log are tested properties of the product, not visible here.
 *   <li>When things happened: times are the writer's, and only their order is judged.
 *   <li>What sealed values say, and that events other than the adopted contract are well formed inside.
 *   <li>Anything about keys that were stolen: there is no revocation in a trust file.
 * </ul>
 *
 * <p><b>Limits.</b> Heap stays below 256 MiB for a log of any size: files are streamed, and what must be remembered (open
 * intents, streams' versions) lies in memory-mapped temporary files ({@link dev.chancery.auditor.DiskTable}), about 64 bytes a
 * stream, that vanish with the process. At most {@value dev.chancery.auditor.Findings#LIMIT} findings are kept; the rest is
 * counted. Links are never followed inside the export, and names and values from it are printed escaped.
 */
@NullMarked
package dev.chancery.auditor;

import org.jspecify.annotations.NullMarked;
