"""The function of the measurement for Google's functions framework."""
import functions_framework


@functions_framework.http
def handle(request):
    return {"body": f"Hello {request.get_json().get('name', 'stranger')}!"}
