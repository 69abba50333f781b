package dev.chancery.auditor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntactTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 255, 256, 257, 600})
    void aValidLogIsIntactAtEverySize(int size) throws Exception {
        Report report = Audited.audit(SampleExport.valid(size));
        assertThat(report.findings()).isEmpty();
        assertThat(report.text())
                .endsWith("INTACT")
                .contains("size        " + size, "entries     " + size + " verified");
    }

    /** Digits of other scripts, another calendar, an i without a dot. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "tr-TR",
                "ar-EG-u-nu-arab",
                "fa-IR-u-nu-arabext",
                "ne-NP-u-nu-deva",
                "th-TH-u-ca-buddhist-nu-thai"
            })
    void theMachinesLanguageChangesNothing(String language) throws Exception {
        SampleExport sample = SampleExport.valid(600);
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag(language));
        try {
            Report report = Audited.audit(sample);
            assertThat(report.findings()).isEmpty();
            assertThat(report.text()).contains("size        600").endsWith("INTACT");
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void aLogWithThreeLevelsOfTilesIsIntact() throws Exception {
        assertThat(Audited.audit(SampleExport.valid(65_537, true)).findings()).isEmpty();
    }

    @Test
    void theReportCountsWhatTheLogHolds() throws Exception {
        SampleExport sample = new SampleExport(false).found();
        long open = sample.intent(d -> {});
        sample.outcome(sample.intent(d -> {}), d -> sample.manyEvents(d, 257));
        sample.denied(d -> {});
        String text = Audited.audit(sample).text();
        assertThat(text)
                .contains("intents     2, 1 without an outcome: at " + open)
                .contains("outcomes    3: 2 succeeded, 0 failed, 1 denied, 0 abandoned (0 with an effect unknown)")
                .contains("events      259")
                .contains("signatures  4 by " + SampleExport.INSTANCE + "/source/access+")
                .contains("signatures  1 by " + SampleExport.INSTANCE + "/source/identity+");
    }

    @Test
    void aLaterContractReplacesTheFirst() throws Exception {
        SampleExport sample = new SampleExport(false).found();
        sample.contract = SampleExport.contract(java.util.Map.of("access.role.assign", true));
        sample.identity("identity.contract.adopt", d -> {
            d.actorType = 1;
            d.event("identity/contract", 2, SampleExport.ADOPTED, SampleExport.adopted(sample.contract));
        });
        assertThat(Audited.audit(sample).findings()).isEmpty();
    }

    @Test
    void severalKeysOfOneFeatureMaySign() throws Exception {
        SampleExport sample = SampleExport.valid(10);
        SigningKey next = new SigningKey(sample.accessKey.name, false);
        Draft draft = new Draft();
        sample.denied(d -> {
            d.sourceKey = next.id();
            draft.entryId = d.entryId;
            draft.position = d.position;
            draft.recordedAtMicros = d.recordedAtMicros;
        });
        sample.entries.removeLast();
        sample.bodies.removeLast();
        draft.sourceKey = next.id();
        draft.result = Draft.DENIED;
        draft.code = "access.not-permitted";
        sample.append(draft.statement(), next, java.util.List.of());
        java.nio.file.Path directory = java.nio.file.Files.createTempDirectory("audited");
        java.nio.file.Path export = sample.write(directory);
        java.nio.file.Files.writeString(directory.resolve("trust"), sample.trust() + next.vkey() + "\n");
        assertThat(Audited.audit(export).findings()).isEmpty();
        Audited.delete(directory);
    }
}
