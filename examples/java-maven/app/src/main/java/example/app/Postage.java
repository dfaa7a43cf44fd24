package example.app;

/** What a parcel costs. */
final class Postage {
    private static final int BASE = 310;
    private static final int PER_HALF_KILO = 85;

    private Postage() {
    }

    static int cents(int grams) {
        if (grams <= 0 || grams > 30_000) {
            throw new IllegalArgumentException("no parcel weighs " + grams + " g");
        }
        return BASE + PER_HALF_KILO * ((grams + 499) / 500);
    }
}
