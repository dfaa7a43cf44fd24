package example.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Prints the postage of each label file. */
public final class Main {
    private Main() {
    }

    public static void main(String[] labels) throws IOException {
        if (labels.length == 0) {
            System.err.println("usage: parcels LABEL...");
            System.exit(2);
        }
        for (String label : labels) {
            Parcel parcel = ParcelReader.read(Files.readAllLines(Path.of(label)));
            System.out.printf("%s, %s: %d cents%n", parcel.name, parcel.city, Postage.cents(parcel.grams));
        }
    }
}
