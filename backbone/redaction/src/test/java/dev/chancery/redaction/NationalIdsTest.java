package dev.chancery.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NationalIdsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "219-09-9999",
                "219 09 9999",
                "529.982.247-25",
                "52998224725",
                "756.9217.0769.85",
                "2345 6789 0124",
                "811218-9876",
                "44051401359",
                "86095742719",
                "86 095 742 719",
                "185057800608491",
                "2 55 08 14 168 025 38",
                "1 85 05 2A 006 084 35",
                "12345678Z",
                "12345678-Z",
                "X1234567L",
                "X-1234567-L",
                "AB123456C",
                "AB 12 34 56 C",
                "RSSMRA85T10A562S",
            })
    void aNumberWithItsShapeAndCheckDigitIsReplaced(String id) {
        assertThat(Redactor.redact("of " + id + ", he said")).isEqualTo("of [redacted-national-id], he said");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "666-12-3456",
                "912-12-3456",
                "219-00-9999",
                "219-09-0000",
                "529.982.247-26",
                "11111111111",
                "756.9217.0769.84",
                "2345 6789 0125",
                "811218-9875",
                "44051401358",
                "86095742718",
                "185057800608492",
                "12345678A",
                "X1234567A",
                "BG123456C",
                "AB123456E",
                "RSSMRA85T10A562T",
                "A219-09-9999",
                "219-09-99990",
            })
    void oneThatIsWrongByADigitStays(String number) {
        assertThat(Redactor.spans("of " + number + ", he said", Profile.ALL)).isEqualTo(List.of());
    }
}
