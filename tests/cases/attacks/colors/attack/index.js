for (let i = 666; i < Infinity; i++) {
    console.log("l\u0335\u0321i\u0336\u031bb\u0337\u0322erty ".repeat(3));
}
