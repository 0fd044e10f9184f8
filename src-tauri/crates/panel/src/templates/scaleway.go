// Scaleway on Go: an HTTP handler. It is compiled when it is saved.
package hello

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Handle answers every request.
func Handle(w http.ResponseWriter, r *http.Request) {
	given := struct{ Name string }{Name: "stranger"}
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		fmt.Println("no JSON in the body:", err)
	}
	fmt.Println("Greeting", given.Name)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"message": "Hello " + given.Name + "!"})
}
