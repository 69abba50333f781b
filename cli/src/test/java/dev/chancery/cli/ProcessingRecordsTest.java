package dev.chancery.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.schema.ClassRule;
import dev.chancery.schema.Contract;
import dev.chancery.schema.consent.v1.LegalBasis;
import dev.chancery.schema.consent.v1.Notice;
import dev.chancery.schema.consent.v1.Purpose;
import dev.chancery.schema.dsar.v1.Holder;
import dev.chancery.schema.dsar.v1.HolderAction;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessingRecordsTest {
    private static final Contract CONTRACT = Contract.load();
    private static final Purpose RESEARCH = Purpose.newBuilder()
            .setPurpose("research")
            .setVersion(2)
            .setDescription("Find out which treatments work.")
            .setLegalBasis(LegalBasis.LEGAL_BASIS_EXPLICIT_CONSENT)
            .addScopes("record:read")
            .setMaxDays(365)
            .setNotice(Notice.newBuilder()
                    .setNoticeVersion(3)
                    .setUri("https://kestrel.example/notices/research")
                    .addRecipients("clinic")
                    .addDataCategories("health"))
            .build();
    private static final Holder ARCHIVE = Holder.newBuilder()
            .setHolder("archive")
            .setPurpose("research")
            .setRetentionDays(90)
            .addActions(HolderAction.HOLDER_ACTION_EXPORT)
            .addActions(HolderAction.HOLDER_ACTION_ERASE)
            .build();

    private static String records(List<Purpose> purposes, List<Holder> holders) {
        return ProcessingRecords.markdown(
                "Kestrel, privacy@kestrel.example", Instant.parse("2026-05-03T10:00:00Z"), purposes, holders, CONTRACT);
    }

    @Test
    void aPurposeNamesGroundDataRecipientsAndSystems() {
        assertThat(records(List.of(RESEARCH), List.of(ARCHIVE)))
                .contains(
                        "Responsible: Kestrel, privacy@kestrel.example\n",
                        "### research\n\nFind out which treatments work.\n",
                        "| ground | explicit consent, GDPR article 9(2)(a) |",
                        "| data | health |",
                        "| recipients | clinic |",
                        "| what may be done | record:read |",
                        "| a consent is good for | 365 days at most |",
                        "| people are told | https://kestrel.example/notices/research, version 3 |",
                        "| systems | archive |",
                        "| archive | research | 90 days | export, erasure |");
    }

    @Test
    void whatIsMissingIsSaid() {
        assertThat(records(List.of(), List.of())).contains("No purpose is defined.", "None is registered.");
        Purpose bare = Purpose.newBuilder().setPurpose("mailing").build();
        assertThat(records(List.of(bare), List.of()))
                .contains(
                        "| ground | not said |",
                        "| recipients | none |",
                        "| people are told | none |",
                        "| a consent is good for | until it is withdrawn |",
                        "| systems | none |");
    }

    @Test
    void aRetiredPurposeIsNoneAnyMore() {
        assertThat(records(List.of(RESEARCH.toBuilder().setRetired(true).build()), List.of()))
                .contains("No purpose is defined.")
                .doesNotContain("research");
    }

    /** Whoever defines a purpose adds no row and no link to what others read. */
    @Test
    void aDescriptionStaysText() {
        Purpose hostile = RESEARCH.toBuilder()
                .setDescription("x | <b>y</b> [z](https://evil.example)")
                .build();
        assertThat(records(List.of(hostile), List.of()))
                .contains("x \\| \\<b\\>y\\</b\\> \\[z\\](https://evil.example)\n");
    }

    /** From the contract, so that a new event's personal field is there too. */
    @Test
    void eachPersonalFieldOfAnEventIsThere() {
        String records = records(List.of(), List.of());
        CONTRACT.events().values().forEach(event -> event.prototype().getDescriptorForType().getFields().stream()
                .filter(field -> ClassRule.of(field).isPersonal())
                .forEach(field -> assertThat(
                                records.lines().filter(line -> line.startsWith("| " + event.feature() + " |")))
                        .as("%s", field.getFullName())
                        .anyMatch(line -> line.contains(field.getName().replace('_', ' ')))));
    }
}
