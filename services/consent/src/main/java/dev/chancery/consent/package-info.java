/**
 * Consent: purposes, notices, who agreed to what, and receipts of it. What decides, {@code backbone/decision} folds from the same streams.
 */
@NullMarked
package dev.chancery.consent;

import org.jspecify.annotations.NullMarked;
