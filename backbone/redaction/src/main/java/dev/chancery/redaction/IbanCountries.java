package dev.chancery.redaction;

/** The countries of the IBAN registry (SWIFT, ISO 13616) and how long their IBANs are. */
final class IbanCountries {
    private static final String REGISTRY =
            "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20"
                    + "EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20"
                    + "LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24"
                    + "SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

    private static final byte[] LENGTHS = new byte[26 * 26];

    static {
        for (int i = 0; i < REGISTRY.length(); i += 4) {
            LENGTHS[index(REGISTRY.charAt(i), REGISTRY.charAt(i + 1))] =
                    (byte) Integer.parseInt(REGISTRY, i + 2, i + 4, 10);
        }
    }

    private IbanCountries() {}

    /** In characters, or 0 where there is no such country. */
    static int length(char first, char second) {
        int index = index(first, second);
        return index < 0 ? 0 : LENGTHS[index];
    }

    private static int index(char first, char second) {
        int a = (first | 0x20) - 'a';
        int b = (second | 0x20) - 'a';
        return a >= 0 && a < 26 && b >= 0 && b < 26 ? a * 26 + b : -1;
    }
}
