// Command route prints the fastest way between two stops: route Harbour Airport.
package main

import (
	"fmt"
	"os"
	"strings"

	"example.invalid/route/internal/graph"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: route FROM TO\nstops:", strings.Join(graph.Stops(), ", "))
		os.Exit(2)
	}
	stops, minutes, err := graph.Fastest(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "route:", err)
		os.Exit(1)
	}
	cents := graph.Fare(minutes)
	fmt.Printf("%s: %d minutes, %d.%02d\n", strings.Join(stops, " - "), minutes, cents/100, cents%100)
}
