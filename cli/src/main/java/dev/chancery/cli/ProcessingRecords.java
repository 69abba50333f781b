package dev.chancery.cli;

import dev.chancery.schema.ClassRule;
import dev.chancery.schema.Contract;
import dev.chancery.schema.EventType;
import dev.chancery.schema.consent.v1.LegalBasis;
import dev.chancery.schema.consent.v1.Purpose;
import dev.chancery.schema.dsar.v1.Holder;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.options.v1.Basis;
import dev.chancery.schema.options.v1.FieldContract;
import dev.chancery.schema.options.v1.RetentionClass;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** An organisation's records of processing activities: what GDPR's article 30 asks for, as far as an instance knows it. */
final class ProcessingRecords {
    private static final String NONE = "none";

    private final StringBuilder text = new StringBuilder();

    private ProcessingRecords() {}

    /**
     * @param controller who is responsible, in the reader's words
     * @param now when the rest was read
     */
    static String markdown(
            String controller, Instant now, List<Purpose> purposes, List<Holder> holders, Contract contract) {
        var records = new ProcessingRecords();
        records.line("# Records of processing activities");
        records.line("Responsible: " + cell(controller));
        records.line("As of " + now + ".");
        records.line("## What data is used for");
        List<Purpose> current =
                purposes.stream().filter(purpose -> !purpose.getRetired()).toList();
        if (current.isEmpty()) {
            records.line("No purpose is defined.");
        }
        current.forEach(purpose -> records.purpose(purpose, holders));
        records.systems(holders);
        records.ownRecords(contract);
        records.line("## What it can't say");
        records.line(
                "Transfers to third countries, and what purposes rest on other grounds than consent, are not recorded here. Add them by hand.");
        return records.text.toString();
    }

    private void purpose(Purpose purpose, List<Holder> holders) {
        line("### " + purpose.getPurpose());
        line(cell(purpose.getDescription()));
        text.append("| | |\n|---|---|\n");
        row("ground", ground(purpose.getLegalBasis()));
        row("data", listed(purpose.getNotice().getDataCategoriesList()));
        row("recipients", listed(purpose.getNotice().getRecipientsList()));
        row("what may be done", listed(purpose.getScopesList()));
        row(
                "a consent is good for",
                purpose.getMaxDays() == 0 ? "until it is withdrawn" : purpose.getMaxDays() + " days at most");
        row(
                "people are told",
                purpose.hasNotice()
                        ? purpose.getNotice().getUri() + ", version "
                                + purpose.getNotice().getNoticeVersion()
                        : NONE);
        row(
                "systems",
                listed(holders.stream()
                        .filter(holder -> holder.getPurpose().equals(purpose.getPurpose()))
                        .map(Holder::getHolder)
                        .toList()));
        text.append('\n');
    }

    private void systems(List<Holder> holders) {
        line("## Systems that hold data");
        if (holders.isEmpty()) {
            line("None is registered.");
            return;
        }
        text.append("| system | purpose | kept for | answers requests for |\n|---|---|---|---|\n");
        for (Holder holder : holders) {
            row(
                    holder.getHolder(),
                    holder.getPurpose().isEmpty() ? NONE : holder.getPurpose(),
                    holder.getRetentionDays() == 0 ? "not said" : holder.getRetentionDays() + " days",
                    listed(holder.getActionsList().stream()
                            .map(ProcessingRecords::action)
                            .toList()));
        }
        text.append('\n');
    }

    private void ownRecords(Contract contract) {
        line("## What Chancery records about people");
        line(
                "To prove who did what. Values are encrypted with a key of the person's, which an erasure destroys unless a legal hold covers it.");
        text.append("| part | data | kept | ground |\n|---|---|---|---|\n");
        Map<String, Map<OwnRecord, Collection<String>>> parts = new TreeMap<>();
        for (EventType event : contract.events().values()) {
            event.prototype().getDescriptorForType().getFields().stream()
                    .filter(field -> ClassRule.of(field).isPersonal())
                    .forEach(field -> parts.computeIfAbsent(event.feature(), made -> new TreeMap<>())
                            .computeIfAbsent(OwnRecord.of(ClassRule.contract(field)), made -> new TreeSet<>())
                            .add(field.getName().replace('_', ' ')));
        }
        parts.forEach((feature, byRecord) ->
                byRecord.forEach((own, fields) -> row(feature, listed(fields), own.kept(), own.ground())));
        text.append('\n');
    }

    private record OwnRecord(RetentionClass retention, Basis basis) implements Comparable<OwnRecord> {
        static OwnRecord of(FieldContract field) {
            return new OwnRecord(field.getRetention(), field.getBasis());
        }

        @Override
        public int compareTo(OwnRecord other) {
            return Comparator.comparing(OwnRecord::retention)
                    .thenComparing(OwnRecord::basis)
                    .compare(this, other);
        }

        String kept() {
            return switch (retention) {
                case RETENTION_CLASS_ACCOUNT -> "with the account";
                case RETENTION_CLASS_AUDIT -> "with the audit trail";
                case RETENTION_CLASS_EVIDENCE -> "as evidence, which an erasure leaves";
                case RETENTION_CLASS_UNSPECIFIED, UNRECOGNIZED -> "not said";
            };
        }

        String ground() {
            return switch (basis) {
                case BASIS_CONTRACT -> "contract, GDPR article 6(1)(b)";
                case BASIS_LEGAL_OBLIGATION -> "legal obligation, GDPR article 6(1)(c)";
                case BASIS_LEGITIMATE_INTERESTS -> "legitimate interests, GDPR article 6(1)(f)";
                case BASIS_UNSPECIFIED, UNRECOGNIZED -> "not said";
            };
        }
    }

    private static String ground(LegalBasis basis) {
        return switch (basis) {
            case LEGAL_BASIS_CONSENT -> "consent, GDPR article 6(1)(a)";
            case LEGAL_BASIS_EXPLICIT_CONSENT -> "explicit consent, GDPR article 9(2)(a)";
            case LEGAL_BASIS_UNSPECIFIED, UNRECOGNIZED -> "not said";
        };
    }

    private static String action(HolderAction action) {
        return switch (action) {
            case HOLDER_ACTION_EXPORT -> "export";
            case HOLDER_ACTION_ERASE -> "erasure";
            case HOLDER_ACTION_READ_BACK -> "reading back";
            case HOLDER_ACTION_UNSPECIFIED, UNRECOGNIZED -> "something unknown to this version";
        };
    }

    private static String listed(Collection<String> some) {
        return some.isEmpty() ? NONE : String.join(", ", some);
    }

    private void row(String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private void line(String said) {
        text.append(said).append("\n\n");
    }

    /** Free text on one line that opens no cell, no link and no tag. */
    private static String cell(String said) {
        return said.replaceAll("\\R", " ").replaceAll("([\\\\`*_\\[\\]<>|#])", "\\\\$1");
    }
}
