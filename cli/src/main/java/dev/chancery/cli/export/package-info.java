/**
 * Writes a tenant's ledger as files, in the layout of docs/reference/formats.md.
 *
 * <p><b>Promises.</b> What is written belongs to one checkpoint and nothing else lies beside it; an export that broke off leaves
 * nothing behind.
 *
 * <p><b>Does not promise.</b> That any of it is true: it copies. The auditor judges.
 */
@NullMarked
package dev.chancery.cli.export;

import org.jspecify.annotations.NullMarked;
