package dev.chancery.firewall;

import com.ibm.icu.text.IDNA;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** A URL's host, read as the URL Standard reads it, but for percent-encoding, which is refused: not every client decodes it. */
public sealed interface Host {
    int MAX_TEXT = 1_024;

    /** As the URL Standard writes it. */
    String text();

    /** @param ascii in lower case, each label in its ASCII form; may end with a dot */
    record Name(String ascii) implements Host {
        @Override
        public String text() {
            return ascii;
        }

        /** Without the dot at its end: both spellings are the same host. */
        String canonical() {
            return ascii.endsWith(".") ? ascii.substring(0, ascii.length() - 1) : ascii;
        }
    }

    record Address(IpAddress address) implements Host {
        @Override
        public String text() {
            return address.isV4() ? address.text() : "[" + address.text() + "]";
        }
    }

    /** Empty if the text is no host. */
    static Optional<Host> parse(String text) {
        if (text.isEmpty() || text.length() > MAX_TEXT) {
            return Optional.empty();
        }
        if (text.startsWith("[")) {
            return text.endsWith("]")
                    ? IpAddress.parseV6(text.substring(1, text.length() - 1)).map(Address::new)
                    : Optional.empty();
        }
        return Ascii.of(text)
                .flatMap(name -> IpAddress.endsInNumber(name)
                        ? IpAddress.parseV4(name).map(Address::new)
                        : Optional.of(new Name(name)));
    }

    /** Unicode to ASCII by UTS 46, as the URL Standard configures it. */
    final class Ascii {
        private static final IDNA UTS46 =
                IDNA.getUTS46Instance(IDNA.CHECK_BIDI | IDNA.CHECK_CONTEXTJ | IDNA.NONTRANSITIONAL_TO_ASCII);
        private static final Set<IDNA.Error> TOLERATED =
                EnumSet.of(IDNA.Error.LEADING_HYPHEN, IDNA.Error.TRAILING_HYPHEN, IDNA.Error.HYPHEN_3_4);
        private static final String FORBIDDEN = " #/:<>?@[\\]^|%";

        private Ascii() {}

        static Optional<String> of(String text) {
            var info = new IDNA.Info();
            String ascii = UTS46.nameToASCII(text, new StringBuilder(), info).toString();
            if (!TOLERATED.containsAll(info.getErrors()) || ascii.isEmpty() || ascii.equals(".")) {
                return Optional.empty();
            }
            boolean allowed = ascii.chars().allMatch(c -> c > 0x20 && c < 0x7f && FORBIDDEN.indexOf(c) < 0);
            return allowed ? Optional.of(ascii) : Optional.empty();
        }
    }
}
