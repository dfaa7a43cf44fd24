package graph

// Fare is the price of a way in cents: a base price and a rate for each begun ten minutes.
func Fare(minutes int) int {
	const base, rate = 180, 45
	return base + rate*((minutes+9)/10)
}
