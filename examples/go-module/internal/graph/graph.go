// Package graph finds the fastest way through the network of lines.
package graph

//go:generate go run ../gen

import (
	"errors"
	"sort"
)

type line struct {
	from, to string
	minutes  int
}

// ErrNoWay says that no line leads there.
var ErrNoWay = errors.New("no way there")

// Stops lists every stop, sorted.
func Stops() []string {
	seen := map[string]bool{}
	for _, l := range lines {
		seen[l.from], seen[l.to] = true, true
	}
	stops := make([]string, 0, len(seen))
	for stop := range seen {
		stops = append(stops, stop)
	}
	sort.Strings(stops)
	return stops
}

// Fastest returns the stops on the fastest way and its minutes (Dijkstra; lines run both ways).
func Fastest(from, to string) ([]string, int, error) {
	minutes, previous, done := map[string]int{from: 0}, map[string]string{}, map[string]bool{}
	for {
		here, found := nearest(minutes, done)
		if !found {
			return nil, 0, ErrNoWay
		}
		if here == to {
			return way(previous, from, to), minutes[to], nil
		}
		done[here] = true
		for _, l := range lines {
			there := l.to
			if l.to == here {
				there = l.from
			} else if l.from != here {
				continue
			}
			if old, known := minutes[there]; !known || minutes[here]+l.minutes < old {
				minutes[there], previous[there] = minutes[here]+l.minutes, here
			}
		}
	}
}

func nearest(minutes map[string]int, done map[string]bool) (string, bool) {
	best, found := "", false
	for _, stop := range Stops() {
		if m, known := minutes[stop]; known && !done[stop] && (!found || m < minutes[best]) {
			best, found = stop, true
		}
	}
	return best, found
}

func way(previous map[string]string, from, to string) []string {
	stops := []string{to}
	for to != from {
		to = previous[to]
		stops = append([]string{to}, stops...)
	}
	return stops
}
