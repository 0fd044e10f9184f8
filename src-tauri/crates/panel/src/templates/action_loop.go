package main

import "fmt"

// Main is called with the JSON object that was sent, as OpenWhisk's and DigitalOcean's Go actions are.
func Main(args map[string]any) map[string]any {
	name, ok := args["name"].(string)
	if !ok {
		name = "stranger"
	}
	fmt.Println("Greeting", name)
	return map[string]any{"body": "Hello " + name + "!"}
}
