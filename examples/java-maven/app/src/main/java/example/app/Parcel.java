package example.app;

import example.forms.Form;

/** A parcel, as its label says. */
@Form
final class Parcel {
    String name;
    String city;
    int grams;
}
